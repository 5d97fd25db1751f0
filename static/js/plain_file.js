// <input type="file" data-plain-file> is shown as the browser shows it: the admin theme's script,
// which expects a text field of its own beside every file field, leaves it alone.
window.addEventListener("load", () => {
  for (const input of document.querySelectorAll("[data-plain-file]")) {
    input.hasChangeListener = true;
  }
});
