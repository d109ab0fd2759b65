/** Bearings between positions, longitude before latitude. */

/** First bearing of the great circle from one point to another, degrees; -180 to 180. */
export function bearingBetween([lon1 = 0, lat1 = 0]: number[], [lon2 = 0, lat2 = 0]: number[]): number {
  const [a, b, turn] = [(lat1 * Math.PI) / 180, (lat2 * Math.PI) / 180, ((lon2 - lon1) * Math.PI) / 180];
  const y = Math.sin(turn) * Math.cos(b);
  const x = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(turn);
  return (Math.atan2(y, x) * 180) / Math.PI;
}
