import { Age } from "./time";

interface AgesProps {
  system: { lastAttemptAt: string | null; lastSuccessAt: string | null; lastProvenAt: string | null };
  className?: string;
}

/** The three ages of a system's backups: tried, made, and proven are different things. */
export function Ages({ system, className = "" }: AgesProps) {
  const ages = [
    { name: "last attempt", at: system.lastAttemptAt },
    { name: "last success", at: system.lastSuccessAt },
    { name: "last proven restore", at: system.lastProvenAt },
  ];
  return (
    <span className={`flex flex-wrap gap-x-4 text-12 ${className}`}>
      {ages.map(({ name, at }) => (
        <span key={name} className="whitespace-nowrap">
          <span className="text-ink-3">{name}</span> {at ? <Age at={at} suffix=" ago" className="text-ink" /> : "never"}
        </span>
      ))}
    </span>
  );
}
