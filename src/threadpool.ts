/**
 * Sets libuv's pool of file threads before anything uses it: one pool that hangs must not take the threads of all
 * others. Imported first, for its effect.
 */
process.env["UV_THREADPOOL_SIZE"] ??= "32";
