/** Places labels so that none covers another: a grid of the screen remembers what is taken. */

const CELL_PX = 8;
const LABELS_MAX = 160;
const TRIES_MAX = 600;
const WIDTHS_MAX = 20_000;
const LETTERS_MAX = 48;

/** What a label belongs to. gap: pixels between the two. */
export interface Spot {
  x: number;
  y: number;
  gap: number;
  /** Above it, and nowhere else */
  isCentred?: boolean;
  /** It is written in any case: over others where nothing is free */
  isForced?: boolean;
}

/** One frame's labels. */
export class LabelBoard {
  #taken = new Uint8Array(0);
  #columns = 0;
  #rows = 0;
  #written = 0;
  #tried = 0;
  #widths = new Map<string, number>();

  /** Begin a frame. */
  clear(width: number, height: number): void {
    this.#columns = Math.ceil(width / CELL_PX);
    this.#rows = Math.ceil(height / CELL_PX);
    const cells = this.#columns * this.#rows;
    if (this.#taken.length === cells) this.#taken.fill(0);
    else this.#taken = new Uint8Array(cells);
    this.#written = this.#tried = 0;
  }

  /** Forget the widths of texts: the font may be another one. */
  forget(): void {
    this.#widths.clear();
  }

  /** Let no label cover a symbol of this half size. */
  keepFree(x: number, y: number, half: number): void {
    const [left, right] = [Math.floor((x - half) / CELL_PX), Math.floor((x + half) / CELL_PX)];
    for (let row = Math.floor((y - half) / CELL_PX); row <= (y + half) / CELL_PX; row += 1) {
      if (row < 0 || row >= this.#rows) continue;
      for (let column = Math.max(0, left); column <= Math.min(this.#columns - 1, right); column += 1) this.#taken[row * this.#columns + column] = 1;
    }
  }

  /** Write a text beside a point where it covers no other one, or leave it out; false when there is room for no more. */
  write(pen: CanvasRenderingContext2D, text: string, at: Spot, ink: string, halo: string): boolean {
    if (this.#written >= LABELS_MAX || this.#tried >= TRIES_MAX) return false;
    this.#tried += 1;
    const shown = text.length > LETTERS_MAX ? `${text.slice(0, LETTERS_MAX - 1)}…` : text;
    const width = this.#width(pen, shown);
    const { gap } = at;
    const places: [number, number][] = at.isCentred
      ? [[at.x - width / 2, at.y - gap]]
      : [[at.x + gap, at.y + 4], [at.x - gap - width, at.y + 4], [at.x - width / 2, at.y + gap + 10], [at.x - width / 2, at.y - gap]];
    const place = places.find(([x, y]) => this.#take(x, y - 11, width, 14)) ?? (at.isForced ? this.#forced(places[0] ?? [at.x, at.y], width) : undefined);
    if (!place) return true;
    this.#written += 1;
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = halo;
    pen.strokeText(shown, ...place);
    pen.fillStyle = ink;
    pen.fillText(shown, ...place);
    return true;
  }

  #forced(place: [number, number], width: number): [number, number] {
    this.#take(place[0], place[1] - 11, width, 14, true);
    return place;
  }

  #width(pen: CanvasRenderingContext2D, text: string): number {
    let width = this.#widths.get(text);
    if (width === undefined) {
      if (this.#widths.size > WIDTHS_MAX) this.#widths.clear();
      width = pen.measureText(text).width + 2;
      this.#widths.set(text, width);
    }
    return width;
  }

  /** Take the cells of a label; false, and nothing is taken, when one of them is taken or lies outside. isForced: in any case. */
  #take(x: number, y: number, width: number, height: number, isForced = false): boolean {
    const [left, right] = [Math.floor(x / CELL_PX), Math.floor((x + width) / CELL_PX)];
    const [top, bottom] = [Math.floor(y / CELL_PX), Math.floor((y + height) / CELL_PX)];
    if (!isForced && (left < 0 || top < 0 || right >= this.#columns || bottom >= this.#rows)) return false;
    const [from, until] = [Math.max(0, left), Math.min(right, this.#columns - 1)];
    const [first, last] = [Math.max(0, top), Math.min(bottom, this.#rows - 1)];
    for (let row = first; row <= last && !isForced; row += 1) {
      for (let column = from; column <= until; column += 1) if (this.#taken[row * this.#columns + column]) return false;
    }
    for (let row = first; row <= last; row += 1) {
      for (let column = from; column <= until; column += 1) this.#taken[row * this.#columns + column] = 1;
    }
    return true;
  }
}
