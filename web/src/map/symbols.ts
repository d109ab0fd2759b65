/**
 * APP-6 symbols as bitmaps, one for each look. The frame's shape says whose a mover is (own: round or flat below;
 * other: pointed; neutral: square; unknown: clover), so that nothing hangs on colour alone.
 */
import ms from "milsymbol";
import type { Mover, Side } from "../documents";
import { colour } from "../theme";

const IDENTITY: Record<Side, string> = { own: "3", other: "6", neutral: "4", unknown: "1" };
const SET: Record<Mover["kind"], string> = { ship: "30", aircraft: "01", other: "00" };
/** What a symbol code may look like: 2525C letters or APP-6 D and E numbers. */
const CODE = /^(?:[0-9]{20}|[0-9]{30}|[A-Z*-]{10,15})$/i;

export interface Sprite {
  image: ImageBitmap;
  /** Size on the screen, and where its middle is, in CSS pixels */
  width: number;
  height: number;
  middleX: number;
  middleY: number;
}

const sprites = new Map<string, Sprite>();
let palette: Record<string, string> | null = null;

/** Forget every bitmap: the theme or the screen's density changed. */
export function forgetSprites(): void {
  sprites.clear();
  palette = null;
}

/** The colours of the theme for each identity. */
export function coloursOf(): Record<string, string> {
  palette ??= {
    Civilian: colour("neutral"),
    Friend: colour("own"),
    Hostile: colour("other"),
    Neutral: colour("neutral"),
    Unknown: colour("unknown"),
    Suspect: colour("other"),
  };
  return palette;
}

/** The code by which a mover is drawn: its own where it has a valid one, else a plain frame. */
export function codeOf(mover: Mover): string {
  if (mover.symbol && CODE.test(mover.symbol)) return mover.symbol;
  return `100${IDENTITY[mover.side]}${SET[mover.kind]}00000000000000`.slice(0, 20);
}

/** Return the bitmap of a mover, made once for each look. */
export function spriteOf(mover: Mover, density: number, size_px: number): Sprite {
  const key = `${mover.symbol || mover.side + mover.kind} ${size_px} ${density}`;
  const known = sprites.get(key);
  if (known) return known;
  const made = drawn(codeOf(mover), density, size_px) ?? drawn(codeOf({ ...mover, symbol: "" }), density, size_px);
  const found = made ?? plain(density, size_px, coloursOf()["Unknown"] ?? "#888");
  sprites.set(key, found);
  return found;
}

function drawn(code: string, density: number, size_px: number): Sprite | null {
  const symbol = new ms.Symbol(code, {
    size: size_px,
    colorMode: coloursOf() as never,
    outlineWidth: 0,
    strokeWidth: 6,
    infoFields: false,
    simpleStatusModifier: true,
  });
  if (!symbol.isValid()) return null;
  const canvas = symbol.asCanvas(density);
  const anchor = symbol.getAnchor();
  return sprite(canvas, density, anchor.x, anchor.y);
}

/** A bitmap is drawn faster than a canvas, and fastest pixel by pixel: its size is exactly that of its pixels. */
function sprite(canvas: HTMLCanvasElement, density: number, middleX: number, middleY: number): Sprite {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  copy.getContext("2d")?.drawImage(canvas, 0, 0);
  return { image: copy.transferToImageBitmap(), width: canvas.width / density, height: canvas.height / density, middleX, middleY };
}

function plain(density: number, size_px: number, fill: string): Sprite {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(size_px * density);
  const pen = canvas.getContext("2d");
  if (pen) {
    pen.fillStyle = fill;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  return sprite(canvas, density, size_px / 2, size_px / 2);
}
