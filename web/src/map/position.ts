/** Positions as people type them: "59 26.1 N 24 45 E", "59.43, 24.75", "5926N 02445E"; С, Ю, В, З in Russian. */

const NUMBER = String.raw`(\d{1,3})(?:[°\s]+(\d{1,2}(?:[.,]\d+)?)['′]?)?`;
const LETTERED = new RegExp(String.raw`^\s*${NUMBER}\s*([NSСЮ])[\s,;]*${NUMBER}\s*([EWВЗ])\s*$`, "i");
const PACKED = /^\s*(\d{2})(\d{2}(?:\.\d+)?)\s*([NSСЮ])[\s,;]*(\d{3})(\d{2}(?:\.\d+)?)\s*([EWВЗ])\s*$/i;
const PLAIN = /^\s*(-?\d{1,2}(?:\.\d+)?)[\s,;]+(-?\d{1,3}(?:\.\d+)?)\s*$/;

const degrees = (whole: string | undefined, minutes: string | undefined) => Number(whole) + Number((minutes ?? "0").replace(",", ".")) / 60;

/** Read a position; null for what is none. */
export function readPosition(text: string): { lat_deg: number; lon_deg: number } | null {
  const lettered = LETTERED.exec(text) ?? PACKED.exec(text);
  let found: { lat_deg: number; lon_deg: number } | null = null;
  if (lettered) {
    const isSouth = "SЮ".includes((lettered[3] ?? "").toUpperCase());
    const isWest = "WЗ".includes((lettered[6] ?? "").toUpperCase());
    const [lat, lon] = [degrees(lettered[1], lettered[2]), degrees(lettered[4], lettered[5])];
    found = { lat_deg: isSouth ? -lat : lat, lon_deg: isWest ? -lon : lon };
  }
  const plain = PLAIN.exec(text);
  if (plain) found = { lat_deg: Number(plain[1]), lon_deg: Number(plain[2]) };
  return found && Math.abs(found.lat_deg) <= 90 && Math.abs(found.lon_deg) <= 180 ? found : null;
}
