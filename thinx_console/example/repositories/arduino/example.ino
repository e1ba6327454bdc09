// A level sensor that does not exist: says its greeting, measures three times, and sleeps for good.
#include <avr/sleep.h>
#include "thinx.h"

#ifndef GREETING
#define GREETING "Hello from the example"
#endif
#ifndef THINX_FIRMWARE_VERSION_SHORT
#define THINX_FIRMWARE_VERSION_SHORT "0.0.0"
#endif

int level = 80;

void setup() {
  Serial.begin(9600);
  Serial.println(F(GREETING " (version " THINX_FIRMWARE_VERSION_SHORT ")"));
}

void loop() {
  delay(1000);
  Serial.print(F(GREETING ": level "));
  Serial.print(level--);
  Serial.println(F(" %"));
  Serial.flush();
  if (level < 78) {
    sleepUntilReset();
  }
}

// With interrupts off nothing but the reset button wakes it; a simulator ends here.
void sleepUntilReset() {
  set_sleep_mode(SLEEP_MODE_PWR_DOWN);
  noInterrupts();
  sleep_mode();
}
