import ms from "milsymbol";
import { useEffect, useRef } from "preact/hooks";
import { theme } from "../theme";
import { coloursOf } from "./symbols";

/** A symbol in a list or a legend: a picture beside a word that says the same. */
export function SymbolPicture({ code, size_px = 11 }: { code: string; size_px?: number }) {
  const place = useRef<HTMLSpanElement>(null);
  const worn = theme.value;
  useEffect(() => {
    const symbol = new ms.Symbol(code, { size: size_px, colorMode: coloursOf() as never, infoFields: false, strokeWidth: 6 });
    if (symbol.isValid()) place.current?.replaceChildren(symbol.asCanvas(Math.max(2, devicePixelRatio)));
    const drawn = place.current?.querySelector("canvas");
    if (drawn) {
      drawn.style.width = `${symbol.getSize().width}px`;
      drawn.style.height = `${symbol.getSize().height}px`;
    }
  }, [code, size_px, worn]);
  return <span ref={place} class="symbol" aria-hidden="true" />;
}
