"use client";

import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_basic,
  tableFeatures,
  useTable,
  type ColumnDef,
  type Header,
  type RowData,
} from "@tanstack/react-table";
import Link from "next/link";
import { useMemo, type KeyboardEvent, type ReactNode } from "react";
import { Icon } from "@/components/ui/icon";

export interface DataColumn<R> {
  id: string;
  header: ReactNode;
  cell: (row: R) => ReactNode;
  /** Makes the column sortable; null sorts last, whatever the direction. */
  sortBy?: (row: R) => string | number | null;
  /** Of the column, in pixels; without it the column takes what is left. */
  width?: number;
  isRight?: boolean;
  /** On header and cells: hides a column at a width, for example. */
  className?: string;
}

interface DataTableProps<R> {
  label: string;
  columns: readonly DataColumn<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  /** Where the row leads. Its first cell becomes the link, and the whole row its target. */
  href?: (row: R) => string;
  /** The two lines of a row on a phone; without it the table stays a table there. */
  phone?: (row: R) => ReactNode;
  footer?: ReactNode;
  /** Tight: 26 px at 720 px of height. */
  isDense?: boolean;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic },
});

/** ↑ ↓ (and j k) walk through the rows' links; Enter follows one, as links do. */
function walkRows(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLAnchorElement)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>("a[data-row]")];
  const next = links[links.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

export function DataTable<R extends RowData>(props: DataTableProps<R>) {
  const { label, columns, rows, rowKey, href, phone, footer, isDense = false } = props;
  const data = useMemo(() => [...rows], [rows]);
  const definitions = useMemo(() => defineColumns(columns), [columns]);
  const table = useTable({ features, columns: definitions, data, getRowId: rowKey });
  const byId = new Map(columns.map((column) => [column.id, column]));
  const sorted = table.getRowModel().rows;
  const height = isDense ? "h-[26px] tall:h-[30px]" : "h-(--row)";
  return (
    <>
      <table
        aria-label={label}
        className={`w-full table-fixed border-collapse ${phone ? "phone:hidden" : ""}`}
        onKeyDown={walkRows}
      >
        <colgroup>
          {columns.map((column) => (
            <col
              key={column.id}
              className={column.className}
              style={column.width ? { width: column.width } : undefined}
            />
          ))}
        </colgroup>
        <thead className="sticky top-0 z-10 bg-bg">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <HeaderCell key={header.id} header={header} column={byId.get(header.column.id)} />
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr
              key={row.id}
              className="relative border-t border-line hover:bg-hover has-[a[data-row]:focus-visible]:bg-hover"
            >
              {columns.map((column, index) => (
                <Cell key={column.id} column={column} isFirst={index === 0} height={height}>
                  {index === 0 && href ? (
                    <Link
                      data-row=""
                      href={href(row.original)}
                      className="after:absolute after:inset-0 after:content-['']"
                    >
                      {column.cell(row.original)}
                    </Link>
                  ) : (
                    column.cell(row.original)
                  )}
                </Cell>
              ))}
            </tr>
          ))}
        </tbody>
        {footer && <tfoot className="border-t border-line text-12 text-ink-3">{footer}</tfoot>}
      </table>
      {phone && (
        <ul aria-label={label} className="hidden border-b border-line phone:block">
          {sorted.map((row) => (
            <li key={row.id} className="not-first:border-t not-first:border-line">
              {href ? (
                <Link href={href(row.original)} className="block px-3 py-[9px]">
                  {phone(row.original)}
                </Link>
              ) : (
                <div className="px-3 py-[9px]">{phone(row.original)}</div>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function defineColumns<R extends RowData>(columns: readonly DataColumn<R>[]): ColumnDef<typeof features, R>[] {
  return columns.map(({ id, sortBy }) =>
    sortBy
      ? { id, accessorFn: (row: R) => sortBy(row) ?? undefined, sortFn: "basic", sortUndefined: "last" }
      : { id, header: id },
  );
}

const PAD = "pr-2 first:pl-4 last:pr-4 phone:first:pl-3 phone:last:pr-3";

function HeaderCell<R extends RowData>({
  header,
  column,
}: {
  header: Header<typeof features, R>;
  column: DataColumn<R> | undefined;
}) {
  if (!column) return null;
  const direction = header.column.getIsSorted();
  const align = column.isRight ? "text-right" : "";
  return (
    <th
      scope="col"
      aria-sort={direction ? (direction === "asc" ? "ascending" : "descending") : "none"}
      className={`h-7 text-12 font-normal whitespace-nowrap text-ink-3 ${PAD} ${align} ${column.className ?? ""}`}
    >
      {header.column.getCanSort() && column.sortBy ? (
        <button
          type="button"
          className={`inline-flex h-6 items-center gap-1 hover:text-ink ${direction ? "font-medium text-ink" : ""}`}
          onClick={header.column.getToggleSortingHandler()}
        >
          {column.header}
          {direction && <Icon name={direction === "asc" ? "up" : "down"} className="size-3" />}
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

interface CellProps<R> {
  column: DataColumn<R>;
  isFirst: boolean;
  height: string;
  children: ReactNode;
}

function Cell<R>({ column, isFirst, height, children }: CellProps<R>) {
  const className = `${height} overflow-hidden text-ellipsis whitespace-nowrap ${PAD} ${column.isRight ? "text-right" : ""} ${column.className ?? ""}`;
  return isFirst ? (
    <th scope="row" className={`font-medium ${className}`}>
      {children}
    </th>
  ) : (
    <td className={className}>{children}</td>
  );
}
