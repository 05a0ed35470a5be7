"use client";

import { CopyButton } from "@/components/patterns/copy";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";

/** A password that was made: shown once, stored nowhere. */
export function PasswordDialog({ email, password, onClose }: { email: string; password: string; onClose: () => void }) {
  return (
    <Dialog
      title={`Password of ${email}`}
      description="It is shown this once and stored nowhere. Hand it over in person; it can be changed under Settings."
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <p className="flex items-center gap-2 rounded-1 border border-field px-2 py-1.5">
        <code className="min-w-0 flex-1 text-14! wrap-anywhere mono">{password}</code>
        <CopyButton text={password} label="Copy password" />
      </p>
      <div className="flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
