// The other answer: what `sulcus classify` says of the same files on the desktop.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// Where the native tests have left the command.
const SULCUS = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", "sulcus");

/** Long enough to load the model and to answer every sample on a busy machine. */
export const PATIENCE = 5 * 60_000;

/** What `sulcus classify --json` says of each file, by the file's name; by the default network where none is named. */
export function classifyNatively(files, weights) {
  const network = weights ? ["--weights", join(ROOT, "weights", weights)] : [];
  return answers(files, () => network);
}

/** The same by a network of these bytes that says where. */
export function mapNatively(files, weights) {
  return answers(files, async (folder) => {
    const file = join(folder, "weights.safetensors");
    await writeFile(file, weights);
    return ["--weights", file, "--maps", join(folder, "maps")];
  });
}

async function answers(files, words) {
  const folder = await mkdtemp(join(tmpdir(), "sulcus-"));
  try {
    const paths = files.map(({ name }) => join(folder, name));
    await Promise.all(files.map(({ buffer }, index) => writeFile(paths[index], buffer)));
    const lines = (await sulcus("classify", "--json", ...(await words(folder)), ...paths)).trim().split("\n");
    return new Map(lines.map((line) => JSON.parse(line)).map((answer) => [basename(answer.file), answer]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function sulcus(...words) {
  const options = { cwd: ROOT, timeout: PATIENCE, maxBuffer: 1 << 24 };
  return new Promise((resolve, reject) => {
    execFile(SULCUS, words, options, (error, stdout, stderr) => {
      // 1 says that a file was refused, which its line tells.
      if (error && !(error.code === 1 && stdout)) reject(new Error(`sulcus ${words[0]}: ${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
