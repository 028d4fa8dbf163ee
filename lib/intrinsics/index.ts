/** Intrinsics: what callers hand in, read by what the language gave it, so that nothing it says of itself counts. */
export { bufferOver, copiedBytes, lengthOf } from "./bytes.js";
export { arrayLength, entriesOf, isHole, membersOf, timeOf } from "./collections.js";
export { inheritsNothing, isPlain, own } from "./objects.js";
export { abortReason, isAborted, isSignal, listen, stopListening } from "./signals.js";
