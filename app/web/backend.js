/** Asks the server: the one place where the page fetches what is no module or style sheet. */

const OWN = { "X-ESVAE": "1" }; // which the pages of other sites cannot send
const BUSY = 429;
const TIMES = 5; // that a busy server is asked before its words are told

/**
 * @param {string} base address of the server's routes
 * @param {string} path below it
 * @param {"GET"|"POST"|"DELETE"} [method]
 * @returns {Promise<Response>} what it answered
 * @throws {Error} with the server's words, if it refused or failed
 */
export async function ask(base, path, method = "GET") {
  let answer = await fetch(`${base}/${path}`, { method, headers: OWN });
  for (let turn = 1; answer.status === BUSY && answer.headers.has("retry-after") && turn < TIMES; turn++) {
    await new Promise((done) => setTimeout(done, 1000 * Math.min(10, Number(answer.headers.get("retry-after")) || 1)));
    answer = await fetch(`${base}/${path}`, { method, headers: OWN });
  }
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw new Error(error ?? `${path.split("?")[0]}: ${answer.status} ${answer.statusText}`);
}
