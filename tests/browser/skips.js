// A reporter: lists the tests that were skipped where `cargo xtask test` prints them at its end.
import { appendFileSync } from "node:fs";
import { basename } from "node:path";

export default class Skips {
  onTestEnd(test, { status }) {
    const list = process.env.SULCUS_SKIPS;
    if (!list || status !== "skipped") return;
    const file = basename(test.location.file);
    const reason = test.annotations.find(({ type }) => type === "skip" || type === "fixme")?.description;
    const why = test.expectedStatus === "skipped" ? (reason ?? "no reason given") : "an earlier failure stopped it";
    appendFileSync(list, `tests/browser/${file}, ${test.parent.project().name}, ${test.title}: ${why}\n`);
  }

  printsToStdio() {
    return false;
  }
}
