// Says beside the button what went wrong with a passkey; allauth's script reports it as an event.
const passkeyReasons = {
  NotAllowedError: "The passkey was not used: it was cancelled, or it took too long. Try again.",
  InvalidStateError: "This device already has a passkey for this account.",
  SecurityError: "A passkey works only at the portal’s own address (https, or http://localhost).",
};

document.addEventListener("allauth.error", (event) => {
  const place = document.querySelector("[data-passkey-error]");
  if (!place) return;
  const reason = passkeyReasons[event.detail.exception.name];
  place.textContent = reason ?? "The passkey could not be used. Try again, or use another way.";
  place.hidden = false;
});
