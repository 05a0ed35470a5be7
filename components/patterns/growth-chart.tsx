"use client";

import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { formatBytes } from "@/lib/kernel/format";
import { formatInstant } from "./instant";

interface GrowthChartProps {
  label: string;
  /** Days of UTC, oldest first. */
  days: readonly string[];
  bytes: readonly (number | null)[];
  forecast: { horizonDays: number; bytes: number; bytesRange: readonly [number, number] } | null;
  height: number;
}

interface GrowthPoint {
  ms: number;
  bytes: number | null;
  forecast?: number;
  range?: [number, number];
}

const DAY_MS = 86_400_000;

/** Stored bytes as a line, the forecast dashed behind today, its range as a band. */
export function GrowthChart({ label, days, bytes, forecast, height }: GrowthChartProps) {
  const points = days.map((day, index): GrowthPoint => ({
    ms: Date.parse(`${day}T00:00:00Z`),
    bytes: bytes[index] ?? null,
  }));
  const today = points.at(-1);
  if (today && forecast && today.bytes !== null) {
    today.forecast = today.bytes;
    today.range = [today.bytes, today.bytes];
    points.push({
      ms: today.ms + forecast.horizonDays * DAY_MS,
      bytes: null,
      forecast: forecast.bytes,
      range: [...forecast.bytesRange],
    });
  }
  // A line needs two points: a young estate has one, which is drawn as such.
  const isPoint = bytes.filter((value) => value !== null).length < 2;
  const text = { fontSize: 11, fill: "var(--ink-3)" };
  return (
    <div role="img" aria-label={label} style={{ height }}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 500, height }}>
        <ComposedChart data={points} margin={{ top: 8, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <YAxis
            width={64}
            tickCount={4}
            tickLine={false}
            axisLine={false}
            domain={[0, "auto"]}
            tick={text}
            tickFormatter={(value: number) => formatBytes(value)}
          />
          <XAxis
            dataKey="ms"
            type="number"
            domain={["dataMin", "dataMax"]}
            height={20}
            tickLine={false}
            axisLine={{ stroke: "var(--line-2)" }}
            tick={text}
            tickCount={6}
            minTickGap={32}
            tickFormatter={(ms: number) => formatInstant(ms, "day", "UTC")}
          />
          <Area dataKey="range" stroke="none" fill="var(--track)" isAnimationActive={false} />
          <Line
            dataKey="forecast"
            stroke="var(--mark)"
            strokeWidth={1.5}
            strokeDasharray="4 3"
            dot={false}
            isAnimationActive={false}
          />
          <Line
            dataKey="bytes"
            stroke="var(--ink)"
            strokeWidth={1.5}
            dot={isPoint ? { r: 3, fill: "var(--ink)" } : false}
            isAnimationActive={false}
          />
          {today && forecast && (
            <ReferenceLine
              x={today.ms}
              stroke="var(--line-2)"
              label={{ value: "today", position: "insideTopLeft", ...text, offset: 4 }}
            />
          )}
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  );
}
