import { focusErrorSummary } from "./focus";
import { unfoldInPlace } from "./fold";
import { watchIdleSession } from "./idle";
import { keepKiosk } from "./kiosk";
import { closeMenuOutside } from "./menu";
import { remindOfVote } from "./pending";
import { offerPrinting } from "./print";
import { keepProposals } from "./proposals";
import { stepThroughTurns } from "./turns";

// Every page works without this file; each function makes one thing smoother where the page has it.
closeMenuOutside();
focusErrorSummary();
keepKiosk();
keepProposals();
offerPrinting();
remindOfVote();
stepThroughTurns();
unfoldInPlace();
watchIdleSession();

// Keys and signatures: only staff pages have them, so only those load them.
if (document.querySelector("key-maker, sign-button, key-place")) import("./signing/elements");

// Paper given while the network is cut.
if (document.querySelector("desk-queue")) import("./desk/queue");

// A proposal that is written, kept on the device; forgotten there once it was sent.
if (document.querySelector("[data-draft-of], [data-draft-sent]"))
	import("./draft").then(({ keepDraft }) => keepDraft());

// Borders of districts and places of proposals, drawn on a map.
if (document.querySelector("[data-progress]")) import("./progress").then(({ followProgress }) => followProgress());

if (document.querySelector("border-map")) import("./border");

// Passkeys, where a page asks for one.
if (document.querySelector("form[data-passkey]")) import("./passkeys").then(({ askForPasskeys }) => askForPasskeys());

// The count made again by whoever looks at its result.
if (document.querySelector("count-yourself")) import("./recount/panel");
