// The pre-request script of a Postman collection: signs the request with node-forge, whose
// bundle and the signer's PEM texts are in the environment.
window = {};
eval(pm.environment.get("forge"));
const forge = window.forge;
const raw = pm.request.body && pm.request.body.raw ? pm.request.body.raw : "{}";
const sha256 = (text) => forge.md.sha256.create().update(text, "utf8");
const hash = forge.util.encode64(sha256(pm.variables.replaceIn(raw)).digest().getBytes());
const date = new Date().toISOString();
const url = pm.variables.replaceIn(pm.request.url.toString()).toLowerCase();
const key = forge.pki.privateKeyFromPem(pm.environment.get("keyPem"));
const signature = key.sign(sha256([pm.request.method, url, date, hash].join(";")));
pm.request.headers.add({ key: "X-API-KEY", value: pm.environment.get("apiKey") });
pm.request.headers.add({ key: "X-DIP-Signature", value: forge.util.encode64(signature) });
pm.request.headers.add({ key: "X-DIP-Signature-Date", value: date });
pm.request.headers.add({ key: "X-DIP-Content-Hash", value: hash });
pm.request.headers.add({
  key: "X-DIP-Signature-Certificate",
  value: forge.util.encode64(pm.environment.get("certificatePem")),
});
