#!/usr/bin/env bash
# pROC's power.roc.test asks for twice the nodules that its own DeLong test needs, when it is given binormal parameters.
#
# Seen: pROC 1.18.0 (Debian r-cran-proc 1.18.0-1+b1), R 4.2.2. Two binormal curves (A 2.0 and 1.7, B 1; AUROC 0.921 and 0.885),
# no correlation, nine controls a case, power 0.8, level 0.05: power.roc.test says 506 cases. pROC's own roc.test
# (DeLong) on cohorts drawn from these very curves shows the difference in some 75 % of them with 245 cases, and in 96 %
# with 506. The variance of an area under a binormal curve has three terms: of A, of B, and of their covariance
# (Obuchowski and McClish 1997); leaving the third out gives the 506 to all printed digits.
# What it means here: `spicula power` is not tested against these numbers, but against SciPy's bivariate normal
# distribution and simulated cohorts.
# Needs: Debian 12's Rscript (r-base-core); the packages are downloaded into a temporary folder.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
command -v Rscript > /dev/null || { echo 'Rscript is missing: install r-base-core'; exit 3; }
(cd "$place" && apt-get download -qq r-cran-proc=1.18.0-1+b1 r-cran-rcpp r-cran-plyr && for deb in *.deb; do dpkg-deb -x "$deb" .; done)
R_LIBS="$place/usr/lib/R/site-library" Rscript - <<'R'
suppressMessages(library(pROC))
stopifnot(as.character(packageVersion("pROC")) == "1.18.0")
A <- c(2.0, 1.7)
areas <- pnorm(A / sqrt(2))
asked <- power.roc.test(list(A1 = A[1], B1 = 1, A2 = A[2], B2 = 1, rn = 0, ra = 0, delta = areas[1] - areas[2],
                             FPR11 = 0, FPR12 = 1, FPR21 = 0, FPR22 = 1), power = 0.8, sig.level = 0.05, kappa = 9)$ncases
# The textbook's variance of an area, times the number of cases, with and without the covariance of A and B.
variance <- function(a, covariance) {
  f <- exp(-a^2 / 4) / sqrt(4 * pi)
  g <- -a * exp(-a^2 / 4) / sqrt(2 * pi * 8)
  f^2 * (1 + 1 / 9 + a^2 / 2) + g^2 * (10 / 18) + (if (covariance) f * g * a else 0)
}
cases <- function(covariance) {
  v <- sapply(A, variance, covariance)
  ((qnorm(0.975) * sqrt(2 * v[1]) + qnorm(0.8) * sqrt(sum(v))) / diff(areas))^2
}
cat(sprintf("power.roc.test: %.2f cases; by the formula without the covariance %.2f, with it %.2f\n", asked, cases(FALSE), cases(TRUE)))
set.seed(1)
draw <- function(n, a) {
  y <- rep(c(0, 1), c(9 * n, n))
  roc(y, rnorm(10 * n) + a * y, levels = c(0, 1), direction = "<", quiet = TRUE)
}
shown <- function(n) suppressWarnings(mean(replicate(400, roc.test(draw(n, A[1]), draw(n, A[2]), paired = FALSE, method = "delong")$p.value < 0.05)))
rates <- c(shown(245), shown(506))
cat(sprintf("roc.test shows the difference in %.0f %% of cohorts of 245 cases, %.0f %% of 506\n", 100 * rates[1], 100 * rates[2]))
stopifnot(abs(asked - cases(FALSE)) < 1e-6, rates[1] > 0.7, rates[1] < 0.9, rates[2] > 0.93)
cat("as described\n")
R
