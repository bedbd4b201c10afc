import { type Ids, scenarios } from "./scenarios.ts";
import { openPlace, type Place } from "./place.ts";
import { dieAfter, watchSteps } from "./step-counter.ts";

/** Asks for one scenario's change, in a process that dies in the middle of it. */
const { name, steps, ids, place } = JSON.parse(process.argv[2] ?? "") as {
  name: string;
  steps: number;
  ids: Ids;
  place: Place;
};
await watchSteps();
const { engine, close } = await openPlace(place);
dieAfter(steps);
await scenarios.find((scenario) => scenario.name === name)?.change(engine, ids, place);
dieAfter(0);
await close();
