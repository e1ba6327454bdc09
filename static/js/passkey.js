// Passkeys. A button with data-passkey ("enrol", "show" or "sign-in"), data-begin and data-complete runs the ceremony:
// "enrol" makes one, "show" answers the form it is in, "sign-in" takes the place of a password.

const bytes = (text) => {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
};

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const described = (list) => (list || []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

function forCreating(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: described(options.excludeCredentials),
  };
}

function forAsking(options) {
  return { ...options, challenge: bytes(options.challenge), allowCredentials: described(options.allowCredentials) };
}

function asJson(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    parts.attestationObject = text(response.attestationObject);
    parts.transports = response.getTransports ? response.getTransports() : [];
  } else {
    parts.authenticatorData = text(response.authenticatorData);
    parts.signature = text(response.signature);
    parts.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: parts,
  };
}

const WORDS = {
  NotAllowedError: "No passkey was chosen, or it took too long. Try again.",
  InvalidStateError: "There is a passkey of yours on this device already.",
  SecurityError: "Passkeys do not work at this address.",
  AbortError: "It was cancelled. Try again.",
};

const tokenField = () => document.querySelector('input[name="csrfmiddlewaretoken"]');

async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": tokenField()?.value || "" },
    body: JSON.stringify(body || {}),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.detail || "The console did not answer. Load the page again.");
  return said;
}

const ceremonies = {
  async enrol(button) {
    const options = await post(button.dataset.begin);
    const made = await navigator.credentials.create({ publicKey: forCreating(options) });
    const name = button.form?.elements.name?.value || "";
    const said = await post(button.dataset.complete, { ...asJson(made), name });
    location.assign(said.redirect_url);
  },
  async show(button) {
    const options = await post(button.dataset.begin);
    const shown = await navigator.credentials.get({ publicKey: forAsking(options) });
    const said = await post(button.dataset.complete, asJson(shown));
    for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = said.csrf;
    button.form.submit();
  },
  async "sign-in"(button) {
    const options = await post(button.dataset.begin);
    const shown = await navigator.credentials.get({ publicKey: forAsking(options) });
    const said = await post(button.dataset.complete, asJson(shown));
    location.assign(said.redirect_url);
  },
};

function tell(button, words) {
  const place = button.parentElement.querySelector("[data-passkey-error]");
  place.textContent = words;
  place.hidden = !words;
}

async function run(button) {
  tell(button, "");
  button.disabled = true;
  button.classList.add("is-busy");
  try {
    await ceremonies[button.dataset.passkey](button);
  } catch (error) {
    tell(button, WORDS[error.name] || error.message);
    button.disabled = false;
    button.classList.remove("is-busy");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button || event.defaultPrevented) return;
  event.preventDefault();
  if (button.form && !button.form.reportValidity()) return;
  run(button);
});

const isAble = Boolean(window.PublicKeyCredential && navigator.credentials);
for (const place of document.querySelectorAll("[data-passkey-able]")) place.hidden = !isAble;
for (const place of document.querySelectorAll("[data-passkey-unable]")) place.hidden = isAble;
