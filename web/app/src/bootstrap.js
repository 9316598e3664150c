// A worker's first lines: it takes its program from the page, loses the means to connect, and starts.
self.onmessage = async ({ data: [script, module] }) => {
  const { default: start } = await import(script);
  const means = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "caches", "Worker"];
  for (const name of means) {
    for (let owner = self; owner; owner = Object.getPrototypeOf(owner)) delete owner[name];
  }
  self.onmessage = null;
  await start({ module_or_path: module });
};
// A rejection is no error event by itself, and the page listens to error events.
self.onunhandledrejection = (event) => {
  event.preventDefault();
  setTimeout(() => {
    throw event.reason;
  });
};
