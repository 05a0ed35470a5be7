"use client";

import { Glyph } from "@/components/patterns/status";
import { Age, Until } from "@/components/patterns/time";
import type { AlertView, DeliveryView } from "@/lib/alerts/schemas";
import { deliveryTone } from "./alert-status";

/** Who was told over which channel, and what each said. */
export function DeliveryList({ deliveries }: { deliveries: readonly DeliveryView[] }) {
  if (deliveries.length === 0) {
    return (
      <p className="flex items-center gap-2 text-12 text-ink-2">
        <Glyph tone="warning" /> Nobody was told: no channel was declared.
      </p>
    );
  }
  return (
    <ul className="text-12">
      {deliveries.map((delivery) => (
        <li
          key={delivery.id}
          className="grid min-h-[22px] grid-cols-[12px_64px_72px_minmax(0,200px)_minmax(0,1fr)] items-center gap-2 phone:grid-cols-[12px_64px_minmax(0,1fr)]"
        >
          <Glyph tone={deliveryTone(delivery)} label={delivery.state} />
          <span>{delivery.event}</span>
          <span className="truncate text-ink-2 phone:hidden">{delivery.channel}</span>
          <span className="truncate text-ink-2" title={delivery.recipient}>
            {delivery.recipient}
          </span>
          <span
            className="truncate text-ink-3 phone:col-span-2 phone:col-start-2 phone:whitespace-normal"
            title={delivery.lastAnswer ?? ""}
          >
            <DeliveryWords delivery={delivery} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function DeliveryWords({ delivery }: { delivery: DeliveryView }) {
  const { state, attempts, lastAnswer } = delivery;
  const tries = attempts > 1 ? ` after ${attempts} tries` : "";
  if (state === "delivered") {
    return (
      <>
        delivered{tries} <Age at={delivery.endedAt} suffix=" ago" />
        {lastAnswer && `: ${lastAnswer}`}
      </>
    );
  }
  if (state === "undelivered") {
    return (
      <>
        <span className="font-medium text-failed">undelivered</span>
        {tries}: {lastAnswer}
      </>
    );
  }
  if (lastAnswer === null) return "on its way";
  return (
    <>
      not delivered yet, {attempts === 1 ? "1 try" : `${attempts} tries`}, next <Until at={delivery.nextTryAt} />:{" "}
      {lastAnswer}
    </>
  );
}

/** One word where there is no room for the list; nothing when everybody has it. */
export function DeliveryWarning({ alert }: { alert: AlertView }) {
  const undelivered = alert.deliveries.filter((each) => each.state === "undelivered");
  const waiting = alert.deliveries.filter((each) => each.state === "pending" && each.lastAnswer !== null);
  if (alert.deliveries.length === 0) return <Warning words="nobody was told" />;
  if (undelivered[0]) return <Warning words={`${undelivered[0].channel} undelivered`} />;
  return waiting[0] ? <Warning words={`${waiting[0].channel} not delivered yet`} /> : null;
}

function Warning({ words }: { words: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-12 whitespace-nowrap text-ink-2">
      <Glyph tone="warning" className="size-2.5" />
      {words}
    </span>
  );
}
