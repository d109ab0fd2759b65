import { useEffect, useRef } from "preact/hooks";
import type { Mover } from "../documents";
import { otherFrame } from "../site";
import { theme } from "../theme";
import { spriteOf } from "./symbols";

/** A symbol in a list or a legend: a picture beside a word that says the same. */
export function SymbolPicture({ side, kind, size_px = 11 }: { side: Mover["side"]; kind: Mover["kind"]; size_px?: number }) {
  const place = useRef<HTMLCanvasElement>(null);
  const worn = theme.value;
  const frame = otherFrame.value;
  useEffect(() => {
    const canvas = place.current;
    if (!canvas) return;
    const density = Math.max(2, devicePixelRatio);
    const sprite = spriteOf({ side, kind, symbol: "" } as Mover, density, size_px);
    [canvas.width, canvas.height] = [sprite.image.width, sprite.image.height];
    canvas.style.width = `${sprite.width}px`;
    canvas.style.height = `${sprite.height}px`;
    canvas.getContext("2d")?.drawImage(sprite.image, 0, 0);
  }, [side, kind, size_px, worn, frame]);
  return <canvas ref={place} class="symbol" aria-hidden="true" />;
}
