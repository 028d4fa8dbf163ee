/** Siblings: reads of one operation that go on side by side. */

/**
 * What all of them come to, as `Promise.all`; when one fails the others are waited for first, so that none goes on behind
 * the back of whoever hears of the failure.
 */
export async function siblings<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  try {
    return await Promise.all(work);
  } catch (error) {
    await Promise.allSettled(work);
    throw error;
  }
}
