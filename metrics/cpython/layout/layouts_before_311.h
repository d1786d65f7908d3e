#pragma once

#include "metrics/cpython/layout/layout.h"

/// The part of FindLayout()'s table that is for the versions up to 3.10.
namespace leak_exporter::cpython {

Layout Layout27();
Layout Layout36();
Layout Layout37();
Layout Layout38();
Layout Layout39();
Layout Layout310();

}  // namespace leak_exporter::cpython
