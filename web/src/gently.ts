/** Work that can wait a little: done in slices, between which the browser answers keys and paints. */

interface Offered {
  scheduler?: { yield?: () => Promise<void> };
}

/** Let the browser answer what a person did meanwhile, then go on. In a window that nobody sees it goes on at once. */
export function breath(): Promise<void> {
  if (document.hidden) return Promise.resolve();
  const { scheduler } = globalThis as Offered;
  return scheduler?.yield ? scheduler.yield() : new Promise((resume) => setTimeout(resume, 0));
}

/** Do something after the next frame was painted; the returned function takes it back. */
export function afterFrame(act: () => void): () => void {
  let timer = 0;
  // a window that nobody sees paints nothing: there a clock does it
  const clock = setTimeout(() => start(), 250);
  const frame = requestAnimationFrame(() => start());
  const start = () => {
    clearTimeout(clock);
    cancelAnimationFrame(frame);
    timer ||= setTimeout(act, 0);
  };
  return () => {
    clearTimeout(clock);
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
