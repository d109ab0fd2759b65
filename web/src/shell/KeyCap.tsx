import { keyShown } from "../keys";

/** The key of a command beside its button, as it is now. */
export function KeyCap({ of }: { of: string }) {
  const key = keyShown(of);
  return key ? <kbd aria-hidden="true">{key}</kbd> : null;
}
