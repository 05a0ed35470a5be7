interface FieldChange {
  /** Dotted; empty for a change of the whole. */
  path: string;
  before: unknown;
  after: unknown;
}

function write(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What changed, field by field: − on orange, + on blue. */
export function Diff({ changes }: { changes: readonly FieldChange[] }) {
  if (changes.length === 0) return <p className="text-12 text-ink-3">No field differs.</p>;
  return (
    <table className="w-full table-fixed border border-line mono">
      <tbody>
        {changes.map(({ path, before, after }) => (
          <tr key={path} className="not-first:border-t not-first:border-line">
            <th scope="row" className="w-36 px-2 py-1 align-top leading-5 wrap-anywhere text-ink-2">
              {path || "value"}
            </th>
            <td className="p-0 align-top leading-5">
              {before != null && (
                <del className="block bg-removed px-2 wrap-anywhere no-underline before:mr-2 before:text-ink-2 before:content-['−']">
                  {write(before)}
                </del>
              )}
              {after != null && (
                <ins className="block bg-added px-2 wrap-anywhere no-underline before:mr-2 before:text-ink-2 before:content-['+']">
                  {write(after)}
                </ins>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
