// A certified OpenID Connect provider with accounts from a file, for the tests.
//
//   node provider.mjs <settings.json>
//
// settings: port, client (id, secret, redirect_uris; their ports do not matter), keys (private JWKs, the first one signs), accounts (claims by
// subject). It prints "ready" once it answers. Signing in takes no password: `login_hint` names the account, or one
// is chosen on a page; the account "nobody" turns the portal away. It ends when its standard input does.
import { readFileSync } from "node:fs";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { default: Provider } = await import("oidc-provider");
const issuer = `http://127.0.0.1:${settings.port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: settings.client.id,
      client_secret: settings.client.secret,
      redirect_uris: settings.client.redirect_uris,
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  jwks: { keys: settings.keys },
  cookies: { keys: ["only-for-tests"] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "given_name", "family_name", "locale"],
  },
  findAccount: (_context, subject) =>
    settings.accounts[subject] && {
      accountId: subject,
      claims: () => ({ sub: subject, ...settings.accounts[subject] }),
    },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  // Nobody is asked what the portal may know of them.
  loadExistingGrant: async (context) => {
    const { session, client } = context.oidc;
    const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

// The portal's port is another one in each test.
provider.Client.prototype.redirectUriAllowed = function allowed(address) {
  const { protocol, hostname, pathname, search } = new URL(address);
  return this.redirectUris.includes(`${protocol}//${hostname}${pathname}${search}`);
};

const link = (uid, subject) =>
  `<li><a href="/interaction/${uid}?account=${encodeURIComponent(subject)}">${subject}</a></li>`;

provider.use(async (context, next) => {
  if (!context.path.startsWith("/interaction/")) return next();
  const { uid, params } = await provider.interactionDetails(context.req, context.res);
  const chosen = context.query.account ?? params.login_hint;
  if (!chosen) {
    const names = [...Object.keys(settings.accounts), "nobody"];
    context.type = "html";
    context.body = `<!doctype html><html lang="en"><title>Provider</title><h1>Who are you?</h1><ul>${names.map((name) => link(uid, name)).join("")}</ul>`;
    return undefined;
  }
  const result =
    chosen === "nobody"
      ? { error: "access_denied", error_description: "they did not want to" }
      : { login: { accountId: chosen, remember: false } };
  return provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: false });
});

process.stdin.on("end", () => process.exit()).resume();
provider.on("server_error", (_context, error) => console.error(error));
provider.listen(settings.port, "127.0.0.1", () => console.log("ready"));
