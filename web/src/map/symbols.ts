/**
 * APP-6 symbols as bitmaps, one for each look. The frame's shape says whose a mover is (own: round or flat below; other
 * side: the frame that the site settled, with a bar above where it is the neutral one; neutral: square; unknown: clover),
 * so that nothing hangs on colour alone.
 */
import ms from "milsymbol";
import type { Mover, OtherFrame, Side } from "../documents";
import { otherFrame } from "../site";
import { colour, theme } from "../theme";
import type { Stamp } from "./stamping";

const FRAMES: Record<OtherFrame, string> = { neutral: "4", suspect: "5", hostile: "6" };
const LETTERS: Record<OtherFrame, string> = { neutral: "N", suspect: "S", hostile: "H" };
const IDENTITY: Record<Exclude<Side, "other">, string> = { own: "3", neutral: "4", unknown: "1" };
const SET: Record<Mover["kind"], string> = { ship: "30", aircraft: "01", other: "00" };
const NUMBERS = /^(?:[0-9]{20}|[0-9]{30})$/;
const CLASSIC = /^[A-Z*-]{10,15}$/i;
/** Pixels between the frame and the bar above it, and its thickness. */
const BAR_GAP_PX = 1.5;
const BAR_PX = 2;

export interface Sprite {
  image: ImageBitmap;
  /** Size on the screen, and where its middle is, in CSS pixels */
  width: number;
  height: number;
  middleX: number;
  middleY: number;
  /** Its pixels at each strength with which it was drawn so far */
  stamps: Record<number, Stamp>;
}

/** What was drawn last for a mover, good as long as the number of the looks is the same. */
export interface Look {
  number: number;
  sprite: Sprite;
}

const sprites = new Map<string, Sprite>();
const palettes = new Map<string, Record<string, string>>();
const numbers = new Map<string, number>();

/** A number for the theme, the site's choice, size and density together: it changes when any of them does. */
export function looksNumber(size_px: number, density: number): number {
  const key = `${theme.peek()} ${otherFrame.peek()} ${size_px} ${density}`;
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size + 1);
  return numbers.size;
}

/** The name of the colour in which a side is drawn: that of the other side follows the frame that the site settled. */
export function inkOf(side: Side): string {
  return side === "other" && otherFrame.peek() !== "neutral" ? "hostile" : side;
}

/** The colours of the theme in use for each identity. The other side has its own, whatever its frame. */
export function coloursOf(side: Side | "" = ""): Record<string, string> {
  const key = `${theme.peek()} ${side === "other"} ${otherFrame.peek()}`;
  let palette = palettes.get(key);
  if (!palette) {
    const [own, other, neutral, unknown, hostile] = [colour("own"), colour(inkOf("other")), colour("neutral"), colour("unknown"), colour("hostile")];
    const calm = side === "other" ? other : neutral;
    palette = { Civilian: calm, Friend: own, Hostile: hostile, Neutral: calm, Unknown: unknown, Suspect: hostile };
    palettes.set(key, palette);
  }
  return palette;
}

/** The code by which a mover is drawn: its own where it has a valid one, else a plain frame. Whose it is says the site. */
export function codeOf(mover: Pick<Mover, "side" | "kind" | "symbol">, frame: OtherFrame = otherFrame.peek()): string {
  const { symbol } = mover;
  const isOther = mover.side === "other";
  if (NUMBERS.test(symbol)) return isOther ? symbol.slice(0, 3) + FRAMES[frame] + symbol.slice(4) : symbol;
  if (CLASSIC.test(symbol)) return isOther ? symbol.charAt(0) + LETTERS[frame] + symbol.slice(2) : symbol;
  const identity = mover.side === "other" ? FRAMES[frame] : (IDENTITY[mover.side] ?? "1");
  return `100${identity}${SET[mover.kind] ?? "00"}${"0".repeat(14)}`;
}

/** Return the bitmap of a mover, made once for each look. */
export function spriteOf(mover: Mover, density: number, size_px: number): Sprite {
  const key = `${mover.symbol} ${mover.side} ${mover.kind} ${looksNumber(size_px, density)}`;
  const known = sprites.get(key);
  if (known) return known;
  const made = drawn(mover, density, size_px) ?? drawn({ ...mover, symbol: "" }, density, size_px);
  const found = made ?? plain(density, size_px, coloursOf()["Unknown"] ?? "#888");
  sprites.set(key, found);
  return found;
}

/** Return the symbol of a mover as a canvas with the pixels of its middle; null for a code that says nothing. */
function drawn(mover: Pick<Mover, "side" | "kind" | "symbol">, density: number, size_px: number): Sprite | null {
  const symbol = new ms.Symbol(codeOf(mover), {
    size: size_px,
    colorMode: coloursOf(mover.side) as never,
    outlineWidth: 0,
    strokeWidth: 6,
    infoFields: false,
    simpleStatusModifier: true,
  });
  if (!symbol.isValid()) return null;
  const canvas = symbol.asCanvas(density);
  const anchor = symbol.getAnchor();
  const hasBar = mover.side === "other" && otherFrame.peek() === "neutral";
  return sprite(canvas, density, anchor.x, anchor.y, hasBar ? (coloursOf("other")["Neutral"] ?? "#888") : "");
}

/** A bitmap is drawn faster than a canvas, and fastest pixel by pixel: its size is exactly that of its pixels. */
function sprite(canvas: HTMLCanvasElement, density: number, middleX: number, middleY: number, bar: string): Sprite {
  const above = bar ? Math.ceil((BAR_GAP_PX + BAR_PX) * density) : 0;
  const copy = new OffscreenCanvas(canvas.width, canvas.height + above);
  const pen = copy.getContext("2d");
  pen?.drawImage(canvas, 0, above);
  if (pen && bar) {
    pen.fillStyle = bar;
    pen.fillRect(0, 0, canvas.width, Math.max(1, Math.round(BAR_PX * density)));
  }
  return { image: copy.transferToImageBitmap(), width: copy.width / density, height: copy.height / density, middleX, middleY: middleY + above / density, stamps: {} };
}

function plain(density: number, size_px: number, fill: string): Sprite {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(size_px * density);
  const pen = canvas.getContext("2d");
  if (pen) {
    pen.fillStyle = fill;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  return sprite(canvas, density, size_px / 2, size_px / 2, "");
}
