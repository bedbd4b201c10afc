/** Milliseconds that the caller of a request still waits. */
export const BUDGET_HEADER = "x-request-budget-ms";
/** Names a request in the logs of every process that it passes. */
export const REQUEST_ID_HEADER = "x-request-id";
/** The group whose agent a request is meant for: another group's refuses it. */
export const EXPECTED_GROUP_HEADER = "x-expected-group";
/** Misdirected Request. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20 */
export const MISDIRECTED = 421;
export const API_KEY_HEADER = "x-api-key";
/** Visible ASCII, which is what that header can carry. */
export const API_KEY_TEXT = /^[\x21-\x7e]+$/;
