// Starts the page's program and says so where it can't: the page is never blank.
const script = document.querySelector('link[rel="modulepreload"]:not([href*="/snippets/"])');
const module = document.querySelector('link[rel="preload"][as="fetch"]');
const said = document.querySelector("#starting");

try {
  const { default: start } = await import(script.href);
  await start({ module_or_path: module.href });
} catch (error) {
  said.textContent =
    `Sulcus could not start: ${error.message}. It needs a browser of 2023 or later with WebAssembly SIMD ` +
    "(Chrome, Edge, Firefox, Safari 16.4). Reload the page to try again.";
}
