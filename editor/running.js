// Shows how long a query has been running, and a button that ends it: the server stops when the browser hangs up.

const PATIENCE_MS = 400; // most answers are there by then

export function watchRuns(form, panel) {
  const time = panel.querySelector("[data-seconds]");
  const format = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    panel.hidden = true;
  };
  const start = () => {
    stop();
    const started = performance.now();
    timer = setInterval(() => {
      const passed = performance.now() - started;
      if (passed < PATIENCE_MS) return;
      time.textContent = time.dataset.seconds.replace("{time}", format.format(passed / 1000));
      panel.hidden = false;
    }, 100);
  };
  form.addEventListener("submit", start);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href*="run=1"]');
    if (link && !link.download && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.defaultPrevented) start();
  });
  panel.querySelector("button").addEventListener("click", () => {
    window.stop();
    stop();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) stop(); }); // back from the answer
}
