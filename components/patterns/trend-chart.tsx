"use client";

import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { formatDuration } from "@/lib/kernel/format";
import { useZone } from "./clock";
import { formatInstant } from "./instant";

export interface TrendPoint {
  id: string;
  at: string;
  seconds: number;
}

interface TrendChartProps {
  label: string;
  points: readonly TrendPoint[];
  targetSeconds: number;
  targetText: string;
  height?: number;
  /** Only the lowest of charts that stand on each other names the days. */
  hasAxis?: boolean;
}

interface DotProps {
  cx?: number;
  cy?: number;
  payload?: { seconds: number };
}

/** Measurements against their target: ink dots, the target dashed, only what lies beyond it coloured and square. */
export function TrendChart({
  label,
  points,
  targetSeconds,
  targetText,
  height = 60,
  hasAxis = false,
}: TrendChartProps) {
  const { zone } = useZone();
  const data = points.map((point) => ({ ms: Date.parse(point.at), seconds: point.seconds }));
  const top = Math.max(targetSeconds * 1.25, ...data.map((point) => point.seconds * 1.05));
  const spanMs = (data.at(-1)?.ms ?? 0) - (data[0]?.ms ?? 0);
  const dot = ({ cx = 0, cy = 0, payload }: DotProps) => {
    const key = `${cx}-${cy}`;
    const halo = { stroke: "var(--bg)", strokeWidth: 1.5 };
    return payload && payload.seconds > targetSeconds ? (
      <rect key={key} x={cx - 4} y={cy - 4} width={8} height={8} fill="var(--warning)" {...halo} />
    ) : (
      <circle key={key} cx={cx} cy={cy} r={4} fill="var(--ink)" {...halo} />
    );
  };
  return (
    <div role="img" aria-label={label} style={{ height: height + (hasAxis ? 18 : 0) }}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 340, height }}>
        <LineChart
          data={data}
          margin={{ top: 6, right: 6, bottom: hasAxis ? 0 : 6, left: 6 }}
          accessibilityLayer={false}
        >
          <CartesianGrid horizontal={false} vertical={false} />
          <YAxis hide domain={[0, top]} />
          <XAxis
            dataKey="ms"
            type="number"
            domain={["dataMin", "dataMax"]}
            hide={!hasAxis}
            height={18}
            tickLine={false}
            axisLine={{ stroke: "var(--line-2)" }}
            tick={{ fontSize: 11, fill: "var(--ink-3)" }}
            tickCount={4}
            minTickGap={24}
            tickFormatter={(ms: number) => formatInstant(ms, spanMs < 2 * 86_400_000 ? "minute" : "day", zone)}
          />
          <ReferenceLine
            y={targetSeconds}
            stroke="var(--ink-3)"
            strokeDasharray="3 3"
            label={{ value: targetText, position: "insideTopRight", fontSize: 11, fill: "var(--ink-3)", offset: 4 }}
          />
          <Line
            type="linear"
            dataKey="seconds"
            stroke="var(--mark)"
            strokeWidth={1.5}
            dot={dot}
            activeDot={false}
            isAnimationActive={false}
          />
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

/** The same figures as a table: what a screen reader and a copy need. */
export function TrendTable({
  rows,
}: {
  rows: readonly { id: string; at: string; rtoSeconds: number; rpoSeconds: number | null }[];
}) {
  const { zone } = useZone();
  return (
    <table className="w-full text-12">
      <thead className="text-ink-3">
        <tr>
          <th scope="col">Measured</th>
          <th scope="col" className="text-right!">
            RTO
          </th>
          <th scope="col" className="text-right!">
            RPO
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} className="h-[22px] border-t border-line">
            <td>
              <time dateTime={row.at}>{formatInstant(Date.parse(row.at), "day-time", zone)}</time>
            </td>
            <td className="text-right">{formatDuration(row.rtoSeconds * 1_000)}</td>
            <td className="text-right">{row.rpoSeconds === null ? "–" : formatDuration(row.rpoSeconds * 1_000)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
