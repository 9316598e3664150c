// The page of one contender: loads its network and the slices, and is then asked for answers and times.
//
// A contender is a module with `start(options)`, which loads the network and gives
// `{ about, classify(slice), series(slices) }`: facts for the report, the probabilities of a slice, and those of many.
import { readSlices } from "./slices.js";

const parameters = new URLSearchParams(location.search);
const options = {
  build: parameters.get("build"),
  engine: parameters.get("engine"),
  threads: Number(parameters.get("threads")),
  size: Number(parameters.get("size")),
  prelude: parameters.get("prelude"),
};

let contender;
let slices;

/** Loads the network; milliseconds until it could answer, those of its first answer, and what it says of itself. */
window.prepare = async (count) => {
  if (!crossOriginIsolated) throw new Error("the page is not isolated: threads and exact times need COOP and COEP");
  slices = await readSlices(options.size, count);
  // Sulcus computes in workers, which take it along themselves.
  if (options.prelude && parameters.get("runtime") !== "sulcus") await import(`./${options.prelude}.js`);
  const { start } = await import(`./${parameters.get("runtime")}.js`);
  const began = performance.now();
  contender = await start(options);
  const loaded = performance.now();
  await contender.classify(slices[0]);
  return { load: loaded - began, first: performance.now() - loaded, about: contender.about };
};

/** The milliseconds and the probabilities of slice `index`. */
window.classify = (index) => timed(async () => [await contender.classify(slices[index])]);

/** The milliseconds of all slices together, and the probabilities of each. */
window.series = () => timed(() => contender.series(slices));

/** Answers `count` slices, for what is watched from outside. */
window.work = async (count) => {
  for (let done = 0; done < count; done += 1) await contender.classify(slices[done % slices.length]);
};

/** What the prelude has watched, an answer from each of the `programs` that it was put before. */
window.watched = (programs) =>
  new Promise((resolve) => {
    const answers = [];
    const channel = new BroadcastChannel("watched");
    channel.onmessage = ({ data }) => {
      answers.push(data);
      if (answers.length < programs) return;
      channel.close();
      resolve(answers);
    };
    channel.postMessage("report");
  });

async function timed(work) {
  const began = performance.now();
  const probabilities = await work();
  return { milliseconds: performance.now() - began, probabilities };
}

document.title = "ready";
