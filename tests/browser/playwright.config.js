// The browser suite: the built page in a real Chromium, once on WebGPU and once with WebGPU switched off.
// `cargo xtask test --only browser` builds the page, then runs this; `npx playwright test` alone takes dist/ as it is.
import { existsSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";

const port = 4173;

// Chromium talks to its maker in the background; a test that watches the network must see the page's requests alone.
const quiet = ["--no-sandbox", "--disable-quic", "--disable-background-networking"];
// SwiftShader is a graphics card in software, so that WebGPU is tested on machines without one.
const webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
// Of all the switches with such names, these two are the ones that leave no adapter, on machines with a card as well.
const cpu = ["--disable-gpu", "--disable-software-rasterizer"];

// cargo xtask names the browser it found; by hand, Debian's is the first guess and Playwright's own the last.
const executablePath =
  process.env.SULCUS_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);

function chromium(name, flags, rest = {}) {
  const launchOptions = { executablePath, args: [...quiet, ...flags] };
  return { name, use: { ...devices["Desktop Chrome"], launchOptions }, ...rest };
}

// Keys, ways in and the choice of a network are the same on both engines, and software WebGPU needs half a minute a slice.
const ignored = ["keyboard.spec.js", "networks.spec.js", "ways-in.spec.js"];
const slow = { timeout: 300_000, testIgnore: ignored, grepInvert: /@cpu/ };

export default defineConfig({
  testDir: ".",
  outputDir: "results",
  // The engines share the processor: side by side, each would only wait for the other.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 60_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"], ["./skips.js"]],
  use: { baseURL: `http://127.0.0.1:${port}/`, screenshot: "only-on-failure", trace: "retain-on-failure" },
  projects: [chromium("webgpu", webgpu, slow), chromium("cpu", cpu)],
  webServer: {
    command: `cargo xtask serve --no-build --port ${port}`,
    cwd: "../..",
    url: `http://127.0.0.1:${port}/`,
    timeout: 120_000,
    reuseExistingServer: false,
  },
});
