// Requests that are carried out one after the other, and none of them left out. htmx keeps a queue for each element, in which
// one waits and the rest are dropped: right for what is only looked at, a loss for what somebody has done.
type Request = () => Promise<unknown>;

/** A queue of its own: what it is given is begun when all before it are answered, refused or failed. */
export function inTurn(): (request: Request) => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  return (request) => (last = last.then(request, request));
}
