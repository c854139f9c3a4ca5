// The recount without any page, for tests in Node.
export { encode } from "../crypto/canonical";
export { recount } from "./bundle";
export { outcomeOf } from "./outcome";
export { Wrong } from "./wrong";
