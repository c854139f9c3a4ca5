// The recount without any page, for tests in Node.
export { encode } from "../crypto/canonical";
export { outcomeOf } from "./outcome";
