/**
 * Symbols put into a picture pixel by pixel. Where thousands are drawn in one frame this takes a fraction of what as many
 * drawing calls cost a browser without a graphics card.
 */

/** A symbol's pixels as ImageData has them: red, green, blue and opacity of each, in one figure (little-endian). */
export interface Stamp {
  pixels: Uint32Array;
  width: number;
  height: number;
}

/** Lay one colour over another, each with its opacity. */
function over(above: number, below: number): number {
  const a = above >>> 24;
  const b = ((below >>> 24) * (255 - a)) / 255;
  const whole = a + b;
  const mixed = (shift: number) => Math.round((((above >>> shift) & 255) * a + ((below >>> shift) & 255) * b) / whole);
  return ((Math.round(whole) << 24) | (mixed(16) << 16) | (mixed(8) << 8) | mixed(0)) >>> 0;
}

/** Put a stamp into a picture of a width and height, its upper left corner at a pixel; what lies outside is cut off. */
export function stampInto(picture: Uint32Array, width: number, height: number, stamp: Stamp, left: number, top: number): void {
  const [from, until] = [Math.max(0, -left), Math.min(stamp.width, width - left)];
  const last = Math.min(stamp.height, height - top);
  for (let row = Math.max(0, -top); row < last; row += 1) {
    let at = row * stamp.width + from;
    let place = (top + row) * width + left + from;
    for (let column = from; column < until; column += 1, at += 1, place += 1) {
      const ink = stamp.pixels[at] as number;
      const opacity = ink >>> 24;
      if (opacity === 0) continue;
      const below = picture[place] as number;
      picture[place] = opacity === 255 || below >>> 24 === 0 ? ink : over(ink, below);
    }
  }
}

/** Return the stamp of a bitmap, drawn with a strength from 0 to 1. */
export function stampOf(image: ImageBitmap, strength: number): Stamp {
  const { width, height } = image;
  const pen = new OffscreenCanvas(width, height).getContext("2d");
  if (!pen) return { pixels: new Uint32Array(width * height), width, height };
  pen.globalAlpha = strength;
  pen.drawImage(image, 0, 0);
  return { pixels: new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer), width, height };
}

/** The picture of one frame's symbols. */
export class StampedPicture {
  #canvas = new OffscreenCanvas(1, 1);
  #pen = this.#canvas.getContext("2d", { willReadFrequently: true });
  #data = new ImageData(1, 1);
  #pixels = new Uint32Array(this.#data.data.buffer);

  /** Begin a frame of a size in pixels. */
  clear(width: number, height: number): void {
    if (this.#data.width === width && this.#data.height === height) {
      this.#pixels.fill(0);
      return;
    }
    [this.#canvas.width, this.#canvas.height] = [width, height];
    this.#data = new ImageData(width, height);
    this.#pixels = new Uint32Array(this.#data.data.buffer);
  }

  /** Put a symbol with its upper left corner at a pixel. */
  put(stamp: Stamp, left: number, top: number): void {
    stampInto(this.#pixels, this.#data.width, this.#data.height, stamp, left, top);
  }

  /** Return everything that was put, to be drawn at once. */
  done(): OffscreenCanvas {
    this.#pen?.putImageData(this.#data, 0, 0);
    return this.#canvas;
  }
}
