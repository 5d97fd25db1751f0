// A button below each <input type="password"> shows what is typed, and hides it again.
// Without JavaScript there is no button. It is hidden before it is sent, so that the browser
// still takes it for a password.
const fields = () => document.querySelectorAll("input[type='password'], input[data-shown]");

const show = (field, button, shown) => {
  field.type = shown ? "text" : "password";
  field.toggleAttribute("data-shown", shown);
  button.textContent = shown ? "Hide what you type" : "Show what you type";
};

document.addEventListener("DOMContentLoaded", () => {
  for (const field of fields()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-link btn-sm p-0";
    field.after(button);
    show(field, button, false);
    button.addEventListener("click", () => show(field, button, field.type === "password"));
    field.form?.addEventListener("submit", () => show(field, button, false));
  }
});
