/**
 * Passkeys: a form with `data-passkey` ("create" or "get") and the server's options as JSON in `data-options`.
 *
 * The button asks the authenticator; its answer goes into the hidden field `answer`, and the form is sent as any other.
 * Where the browser knows no passkeys the form stays hidden: its page offers other ways.
 */

type Options = {
	challenge: string;
	user?: { id: string };
	excludeCredentials?: { id: string }[];
	allowCredentials?: { id: string }[];
};

export function askForPasskeys(): void {
	if (!window.PublicKeyCredential) return;
	for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
		form.hidden = false;
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			ask(form).catch(() => report(form));
		});
	}
}

async function ask(form: HTMLFormElement): Promise<void> {
	report(form, false);
	const options = decoded(JSON.parse(form.dataset.options ?? "{}"));
	const credential =
		form.dataset.passkey === "create"
			? await navigator.credentials.create({ publicKey: options as PublicKeyCredentialCreationOptions })
			: await navigator.credentials.get({ publicKey: options as PublicKeyCredentialRequestOptions });
	const field = form.elements.namedItem("answer");
	if (!(credential instanceof PublicKeyCredential) || !(field instanceof HTMLInputElement)) {
		throw new Error("The authenticator gave no answer.");
	}
	field.value = JSON.stringify(encoded(credential));
	form.submit();
}

/** Show or hide the sentence of the page that says what to do when the authenticator gave no answer. */
function report(form: HTMLFormElement, failed = true): void {
	const problem = form.querySelector<HTMLElement>("[data-passkey-problem]");
	if (!problem) return;
	problem.hidden = !failed;
	if (failed) problem.focus();
}

/** The options with their byte strings as bytes (WebAuthn Level 3, section 5.1.8 and 5.1.9, which not all browsers have). */
function decoded(options: Options): unknown {
	const withBytes = (known: { id: string }) => ({ ...known, id: bytes(known.id) });
	return {
		...options,
		challenge: bytes(options.challenge),
		...(options.user && { user: withBytes(options.user) }),
		...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map(withBytes) }),
		...(options.allowCredentials && { allowCredentials: options.allowCredentials.map(withBytes) }),
	};
}

function encoded(credential: PublicKeyCredential): unknown {
	const { response } = credential;
	const common = { clientDataJSON: text(response.clientDataJSON) };
	return {
		id: credential.id,
		rawId: text(credential.rawId),
		type: credential.type,
		response:
			response instanceof AuthenticatorAssertionResponse
				? {
						...common,
						authenticatorData: text(response.authenticatorData),
						signature: text(response.signature),
						userHandle: response.userHandle && text(response.userHandle),
					}
				: { ...common, attestationObject: text((response as AuthenticatorAttestationResponse).attestationObject) },
	};
}

function bytes(base64url: string): Uint8Array {
	const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
	return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
	const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
	return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
