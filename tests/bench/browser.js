// The browser: Chromium on the machine's graphics adapter, or on SwiftShader where there is none.
import { chromium } from "playwright-core";

const QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking"];
const WEBGPU = "--enable-unsafe-webgpu";
const SOFTWARE = "--use-webgpu-adapter=swiftshader";
/** Timestamps of kernels that are not rounded. */
const EXACT = "--enable-webgpu-developer-features";

/** `{ browser, flags, adapter }`: the browser, what it was started with, and its adapter or nothing. */
export async function openBrowser({ address, profile }) {
  const plain = profile ? [WEBGPU, EXACT] : [WEBGPU];
  for (const flags of [plain, [...plain, SOFTWARE]]) {
    const browser = await chromium.launch(launchOptions(flags));
    const adapter = await adapterOf(browser, address);
    if (adapter || flags.includes(SOFTWARE)) return { browser, flags, adapter };
    await browser.close();
  }
}

export function launchOptions(flags) {
  return { executablePath: process.env.SULCUS_CHROMIUM, args: [...QUIET, ...flags] };
}

async function adapterOf(browser, address) {
  const page = await browser.newPage();
  await page.goto(`${address}/bench/`);
  const adapter = await page.evaluate(async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return null;
    const { vendor, architecture, device, description, isFallbackAdapter: software } = adapter.info;
    return { name: [vendor, architecture, device, description].filter(Boolean).join(" "), software };
  });
  await page.close();
  return adapter;
}
