// Tells the pages of chapter 54, which stand in frames, which theme is on; and gives them the height that they need.
"use strict";
(() => {
  const frames = () => document.querySelectorAll("iframe.page");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  function tell() {
    const chosen = document.body.dataset.theme;
    const theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
    frames().forEach((frame) => frame.contentWindow?.postMessage({ theme }, "*"));
  }
  addEventListener("message", ({ data, source }) => {
    for (const frame of frames()) {
      if (frame.contentWindow !== source || !Number.isFinite(data?.height)) continue;
      frame.style.height = `${Math.min(Math.max(data.height, 200), 6000) + 4}px`;
      tell();                                   // the frame is ready: it has just spoken
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(tell).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    dark.addEventListener("change", tell);
    tell();
  });
})();
