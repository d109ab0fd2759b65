/** TRAINING, said once on each screen: which lines are of training, and whether what is shown is of one. */
import { computed, signal } from "@preact/signals";
import { lines } from "./alarms";
import { say } from "./words";

/** Whether the page that is shown is of a line of training; null: it is of no single line. */
export const isPageOfTraining = signal<boolean | null>(null);

const training = computed(() => lines.value.value.lines.filter((one) => one.is_training));

/** Whether every line of the node is of training: nothing that is shown is meant in earnest. */
export const isAllTraining = computed(() => training.value.length > 0 && training.value.length === lines.value.value.lines.length);

/** What the one strip says; "" where nothing that is shown is training. */
export function trainingStrip(): string {
  if (isPageOfTraining.value ?? isAllTraining.value) return say("TRAINING: nothing here is meant in earnest");
  if (isPageOfTraining.value === false || training.value.length === 0) return "";
  return say("TRAINING is on: {lines}. Everything else is in earnest.", { lines: training.value.map((one) => one.name).join(", ") });
}

/** Whether a line needs the word beside its name, because the strip does not say it of everything. */
export function isMarked(isTraining: boolean): boolean {
  return isTraining && !isAllTraining.value;
}
