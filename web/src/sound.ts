/**
 * Alarm sounds made in the browser, distinct by priority. Browsers are silent until a person touched the page; the
 * page says so, and a test button lets a watch officer hear that sound works before it is needed.
 */
import { signal } from "@preact/signals";
import type { Priority } from "./documents";

/** Pulses: pitch and length; then how long until the pattern comes again (0: once). */
const PATTERNS: Record<Priority, { pulses: [hertz: number, seconds: number][]; again_s: number }> = {
  emergency: { pulses: [[980, 0.16], [1310, 0.16], [980, 0.16], [1310, 0.16], [980, 0.16], [1310, 0.16]], again_s: 1.2 },
  alarm: { pulses: [[880, 0.22], [880, 0.22], [880, 0.22]], again_s: 5 },
  warning: { pulses: [[660, 0.3], [660, 0.3]], again_s: 30 },
  caution: { pulses: [[520, 0.25]], again_s: 0 },
};

let context: AudioContext | null = null;
let timer = 0;
/** What sounds now, for those who cannot hear it, and for tests. */
export const sounding = signal<Priority | null>(null);
/** Whether the browser lets the page make sound. */
export const canSound = signal(false);

function awake(): AudioContext {
  context ??= new AudioContext();
  void context.resume().then(() => (canSound.value = context?.state === "running"));
  return context;
}

// the first touch of the page is what lets it make sound; what should sound by then does so
for (const name of ["pointerdown", "keydown"]) {
  addEventListener(
    name,
    () => {
      if (context) return;
      awake();
      if (sounding.peek()) once(sounding.peek() as Priority);
    },
    { once: true },
  );
}

function once(priority: Priority): void {
  const air = context;
  if (!air) return;
  let at = air.currentTime + 0.02;
  for (const [hertz, seconds] of PATTERNS[priority].pulses) {
    const tone = air.createOscillator();
    const loudness = air.createGain();
    tone.type = "square";
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.18, at + 0.012);
    loudness.gain.setValueAtTime(0.18, at + seconds - 0.03);
    loudness.gain.linearRampToValueAtTime(0, at + seconds);
    tone.connect(loudness).connect(air.destination);
    tone.start(at);
    tone.stop(at + seconds);
    at += seconds + 0.09;
  }
}

/** Let the sound of a priority go on; null for silence. */
export function sound(priority: Priority | null): void {
  if (priority === sounding.peek()) return;
  clearInterval(timer);
  timer = 0;
  sounding.value = priority;
  if (!priority) return;
  once(priority);
  const { again_s } = PATTERNS[priority];
  if (again_s) timer = setInterval(() => once(priority), again_s * 1000);
}

/** Let a person hear each priority, from the least grave. */
export function testSound(): void {
  awake();
  const order: Priority[] = ["caution", "warning", "alarm", "emergency"];
  order.forEach((priority, index) => setTimeout(() => once(priority), index * 1500));
}
