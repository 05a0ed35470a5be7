interface DiffProps {
  before: unknown;
  after: unknown;
}

interface Row {
  path: string;
  before: string | null;
  after: string | null;
}

function write(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One row a leaf that differs, named by its path. */
function rowsOf(before: unknown, after: unknown, path = ""): Row[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => rowsOf(before[key], after[key], path ? `${path}.${key}` : key));
  }
  const sides = { before: before == null ? null : write(before), after: after == null ? null : write(after) };
  if (sides.before === sides.after) return [];
  // A whole object that came or went reads better leaf by leaf.
  if (isRecord(before) && after == null) return Object.keys(before).flatMap((key) => rowsOf(before[key], null, path ? `${path}.${key}` : key));
  if (isRecord(after) && before == null) return Object.keys(after).flatMap((key) => rowsOf(null, after[key], path ? `${path}.${key}` : key));
  return [{ path: path || "value", ...sides }];
}

/** What changed, field by field: − on orange, + on blue. */
export function Diff({ before, after }: DiffProps) {
  const rows = rowsOf(before, after);
  if (rows.length === 0) return <p className="text-12 text-ink-3">No field differs.</p>;
  return (
    <table className="mono w-full border border-line">
      <tbody>
        {rows.map((row) => (
          <tr key={row.path} className="not-first:border-t not-first:border-line">
            <th scope="row" className="w-[104px] max-w-40 px-2 py-1 align-top leading-5 break-words text-ink-2">
              {row.path}
            </th>
            <td className="p-0 leading-5">
              {row.before !== null && (
                <del className="block bg-removed px-2 break-all no-underline before:mr-2 before:text-ink-2 before:content-['−']">
                  {row.before}
                </del>
              )}
              {row.after !== null && (
                <ins className="block bg-added px-2 break-all no-underline before:mr-2 before:text-ink-2 before:content-['+']">
                  {row.after}
                </ins>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
