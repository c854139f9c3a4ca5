// A real OpenID provider on 127.0.0.1 for the tests of sign-in: npm's oidc-provider with people of our own.
//
//     node provider.mjs PORT REDIRECT_URI …      (port 0: any free one)
//
// It writes one line of JSON, {"issuer": …}, when it is ready. Who signs in is said by `login_hint` (default: aino);
// nobody is asked anything. POST /control {…} makes what a real provider does now and then happen on demand:
//     {"slow": ms}             every answer comes that much later
//     {"id_token": text}       the next token answer carries this ID token instead of its own
//     {"rotate": true}         new signing keys from now on
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const PEOPLE = {
	aino: { person: "010203A123N", birthdate: "2003-02-01", municipality: "049", postal: "02100", acr: "loa3" },
	otto: { person: "311299-987K", birthdate: "1999-12-31", municipality: "091", postal: "00100", acr: "loa2" },
	nobody: {},
};
/** Whoever is not listed signs in with a person id of her own. */
const claimsOf = (id) => PEOPLE[id] ?? { person: id };

const [port, ...redirectUris] = process.argv.slice(2);
let rotations = 0;
let slow = 0;
let idToken = null;
let provider;

const server = createServer(async (request, response) => {
	if (request.url === "/control") return control(request, response);
	if (slow) await new Promise((resolve) => setTimeout(resolve, slow));
	return provider.callback()(request, response);
});
server.listen(Number(port), "127.0.0.1", () => {
	provider = start();
	console.log(JSON.stringify({ issuer: provider.issuer }));
});

function start() {
	const made = new Provider(`http://127.0.0.1:${server.address().port}`, {
		clients: [
			client("budget", { client_secret: "secret-of-the-tests" }),
			client("voting", { client_secret: "secret-of-the-votes" }),
			client("other", { client_secret: "secret-of-another-service" }),
			client("keyed", {
				token_endpoint_auth_method: "private_key_jwt",
				jwks: JSON.parse(process.env.CLIENT_JWKS ?? '{"keys":[]}'),
			}),
		],
		jwks: { keys: keys() },
		cookies: { keys: ["of no importance"] },
		claims: {
			openid: ["sub"],
			person: ["person", "birthdate", "municipality", "postal", "address"],
		},
		scopes: ["openid", "person"],
		conformIdTokenClaims: false,
		acrValues: ["loa2", "loa3"],
		features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
		interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
		findAccount: (_context, id) => ({
			accountId: id,
			claims: () => ({ sub: id, ...claimsOf(id), address: { postal_code: PEOPLE[id]?.postal } }),
		}),
		pkce: { required: () => true },
		ttl: { IdToken: 300, AccessToken: 300, AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600 },
		renderError: (context, out) => {
			context.type = "json";
			context.body = out;
		},
	});
	made.use(async (context, next) => {
		if (context.path.startsWith("/interaction/")) return interact(made, context);
		await next();
		if (idToken && context.path === "/token" && context.status === 200) {
			context.body = { ...context.body, id_token: idToken };
			idToken = null;
		}
	});
	return made;
}

function client(id, more) {
	const home = [`${new URL(redirectUris[0]).origin}/`];
	return { client_id: id, redirect_uris: redirectUris, post_logout_redirect_uris: home, ...more };
}

function keys() {
	rotations += 1;
	const made = [];
	for (const [type, options, alg] of [
		["rsa", { modulusLength: 2048 }, "RS256"],
		["ec", { namedCurve: "P-256" }, "ES256"],
	]) {
		const { privateKey } = generateKeyPairSync(type, options);
		made.push({ ...privateKey.export({ format: "jwk" }), kid: `${alg}-${process.pid}-${rotations}`, alg, use: "sig" });
	}
	return made;
}

async function interact(made, context) {
	const { prompt, params, session } = await made.interactionDetails(context.req, context.res);
	if (params.login_hint === "refuse") {
		return made.interactionFinished(context.req, context.res, { error: "access_denied" });
	}
	const accountId = prompt.name === "login" ? (params.login_hint ?? "aino") : session.accountId;
	const result = { login: { accountId, acr: PEOPLE[accountId]?.acr } };
	if (prompt.name === "consent") {
		const grant = new made.Grant({ accountId, clientId: params.client_id });
		grant.addOIDCScope(params.scope);
		result.consent = { grantId: await grant.save() };
	}
	return made.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: true });
}

async function control(request, response) {
	let body = "";
	for await (const part of request) body += part;
	const orders = JSON.parse(body);
	slow = orders.slow ?? 0;
	idToken = orders.id_token ?? null;
	if (orders.rotate) provider = start();
	response.writeHead(204).end();
}
