"use client";

import { useState } from "react";
import { useNowText, useZone } from "@/components/patterns/clock";
import { formatInstant, isZone } from "@/components/patterns/instant";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Form, Input } from "@/components/ui/field";
import { Segmented } from "@/components/ui/segmented";

type Choice = "UTC" | "local" | "zone";

/** The console's clock, in the zone that all times are written in. */
export function HeaderClock() {
  const { zone } = useZone();
  const date = useNowText((now) => formatInstant(now, "weekday", zone));
  const time = useNowText((now) => formatInstant(now, "time", zone));
  return (
    <span className="whitespace-nowrap" aria-hidden="true">
      <span className="text-ink-2 narrow:hidden">{date}&ensp;</span>
      <span className="font-medium">{time}</span>
    </span>
  );
}

/** UTC, the browser's zone, or a named one: for every time on every page, kept for the person. */
export function ZoneSwitch({ className = "" }: { className?: string }) {
  const { choice, zone, choose } = useZone();
  const [isAsking, setIsAsking] = useState(false);
  const value: Choice = choice === "UTC" || choice === "local" ? choice : "zone";
  return (
    <>
      <Segmented<Choice>
        label="Time zone"
        className={className}
        value={value}
        options={[
          { value: "UTC", label: "UTC" },
          { value: "local", label: "Local" },
          { value: "zone", label: "Zone", title: value === "zone" ? zone : "Choose a zone" },
        ]}
        onChange={(next) => (next === "zone" ? setIsAsking(true) : choose(next))}
      />
      <ZoneDialog isOpen={isAsking} onOpenChange={setIsAsking} onChoose={choose} />
    </>
  );
}

interface ZoneDialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onChoose: (zone: string) => void;
}

function ZoneDialog({ isOpen, onOpenChange, onChoose }: ZoneDialogProps) {
  const [errors, setErrors] = useState<Record<string, string>>({});
  return (
    <Dialog
      title="Time zone"
      description="All times on all pages are written in it."
      isOpen={isOpen}
      onOpenChange={onOpenChange}
    >
      <Form
        errors={errors}
        onFormSubmit={(values) => {
          const zone = String(values["zone"]).trim();
          if (!isZone(zone)) {
            setErrors({ zone: `"${zone}" is not a zone: expected a name such as Europe/Berlin` });
            return;
          }
          onChoose(zone);
          onOpenChange(false);
        }}
      >
        <Field name="zone" label="Name of the zone">
          <Input list="zones" placeholder="Europe/Berlin" autoComplete="off" required />
        </Field>
        <datalist id="zones">
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <div className="flex justify-end">
          <Button type="submit" look="primary">
            Use this zone
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
